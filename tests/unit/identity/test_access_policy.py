"""When and from where: against a slow reference that walks minute by minute, on days when clocks change.

`KEYHOLDER_ACCESS_SAMPLES` says how many generated policies are tried (default 3,000).
"""

import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity.domain.access_policy import (
    UNLIMITED,
    AccessPolicy,
    Levels,
    Network,
    Refusal,
    Source,
    for_token,
    joined,
    plain,
    refusal,
    still_allowed,
    until,
)
from services.identity.domain.working_hours import (
    ALL_DAY,
    HoursRefused,
    Window,
    WorkingHours,
    check_hours,
)

SAMPLES: Final = int(os.environ.get("KEYHOLDER_ACCESS_SAMPLES", "3000"))
ZONES: Final = [
    ZoneInfo(name) for name in ("Europe/Rome", "Europe/Warsaw", "Europe/Berlin", "America/Toronto", "America/Santiago")
]
MINUTE: Final = timedelta(minutes=1)
HERE: Final = ip_address("192.0.2.7")
Weekdays = dict[int, list[tuple[int, int]]]


def clock_changes(zone: ZoneInfo) -> list[datetime]:
    """Return the instants of 2025 to 2028 at which the zone's clocks jump, found hour by hour."""
    found = list[datetime]()
    at = datetime(2025, 1, 1, tzinfo=UTC)
    while at.year < 2029:
        following = at + timedelta(hours=1)
        if at.astimezone(zone).utcoffset() != following.astimezone(zone).utcoffset():
            found.append(following)
        at = following
    return found


CHANGES: Final = {zone: clock_changes(zone) for zone in ZONES}


def open_at(days: Weekdays, wall: datetime) -> bool:
    """Say, as plainly as can be, whether a wall clock's reading lies in a window."""
    minute = wall.hour * 60 + wall.minute
    today, yesterday = wall.weekday(), (wall.weekday() - 1) % 7
    for opens, closes in days.get(today, []):
        if opens < closes and opens <= minute < closes:
            return True
        if opens > closes and minute >= opens:
            return True
    return any(opens > closes and minute < closes for opens, closes in days.get(yesterday, []))


def closing(days: Weekdays, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Walk minute by minute to the first that is closed; None if none of nine days is."""
    at = now
    for _ in range(9 * 24 * 60):
        if not open_at(days, at.astimezone(zone)):
            return at
        at += MINUTE if at.second == 0 else timedelta(seconds=60 - at.second)
    return None


def some_days(chance: random.Random) -> Weekdays:
    """Return windows that like to lie where clocks jump, to touch, to overlap and to cross midnight."""
    minutes = [*range(0, 241, 30), 59, 61, 119, 121, 179, 540, 780, 840, 1080, 1320, 1380, 1410, 1439]
    days = Weekdays()
    for weekday in range(7):
        if chance.random() < 0.8:
            pairs = [
                (chance.choice(minutes), chance.choice([*minutes, 1440])) for _ in range(chance.choice([1, 1, 2, 3]))
            ]
            days[weekday] = [pair for pair in pairs if pair[0] != pair[1]] or [(0, 1440)]
    return days


def some_instant(chance: random.Random, zone: ZoneInfo) -> datetime:
    """Return an instant within a day and a half of a change of clocks, mostly very near to it."""
    spread = chance.choice([90, 300, 2160])
    near = chance.choice(CHANGES[zone]) + timedelta(minutes=chance.randint(-spread, spread))
    return near + timedelta(seconds=chance.choice([0, 0, 1, 59]))


def samples() -> Iterator[tuple[Weekdays, datetime, ZoneInfo]]:
    chance = random.Random(20270328)  # noqa: S311 the same samples each time
    for _ in range(SAMPLES):
        zone = chance.choice(ZONES)
        days = some_days(chance)
        yield days, some_instant(chance, zone), zone


def hours_of(days: Weekdays) -> WorkingHours:
    return WorkingHours({day: tuple(Window(*pair) for pair in windows) for day, windows in days.items()})


@pytest.mark.timeout(0)
@pytest.mark.catalogue("MG-29", "MG-30")
def test_hours_are_those_of_the_wall_clock_on_every_day_that_clocks_change() -> None:
    assert all(len(changes) == 8 for changes in CHANGES.values())
    for days, now, zone in samples():
        policy = AccessPolicy(hours=hours_of(days))
        expected = None if open_at(days, now.astimezone(zone)) else Refusal.HOURS
        assert refusal(policy, now, zone, HERE) == expected, (days, now, zone)


@pytest.mark.timeout(0)
@pytest.mark.catalogue("MG-30", "MG-61")
def test_access_ends_at_the_first_minute_that_is_closed() -> None:
    for days, now, zone in samples():
        found = until(AccessPolicy(hours=hours_of(days)), now.astimezone(zone), zone)
        expected = closing(days, now, zone)
        if expected is None:
            assert found is None or found > now + timedelta(days=8), (days, now, zone)
        else:
            assert found == expected, (days, now, zone)


@pytest.mark.catalogue("MG-30")
def test_the_hour_that_is_skipped_never_comes_and_the_repeated_one_comes_twice() -> None:
    policy = AccessPolicy(hours=WorkingHours({6: (Window(120, 180),)}))
    rome = ZONES[0]
    for day, minutes in ((datetime(2027, 3, 28, tzinfo=UTC), 0), (datetime(2027, 10, 31, tzinfo=UTC), 120)):
        instants = [day + at * MINUTE for at in range(-120, 1440)]
        assert sum(refusal(policy, now, rome, HERE) is None for now in instants) == minutes


@pytest.mark.catalogue("MG-29", "MG-30")
def test_a_window_over_midnight_belongs_to_the_day_on_which_it_opens() -> None:
    friday_night = AccessPolicy(hours=WorkingHours({4: (Window(22 * 60, 2 * 60),)}))
    rome = ZONES[0]
    saturday = datetime(2026, 6, 6, tzinfo=rome)
    friday = saturday - timedelta(days=1)
    assert refusal(friday_night, saturday + timedelta(hours=1, minutes=59), rome, HERE) is None
    assert refusal(friday_night, saturday + timedelta(hours=2), rome, HERE) is Refusal.HOURS
    assert refusal(friday_night, friday + timedelta(hours=1), rome, HERE) is Refusal.HOURS
    assert until(friday_night, saturday, rome) == saturday + timedelta(hours=2)


def test_a_sunday_night_reaches_into_monday_and_a_whole_week_never_closes() -> None:
    rome = ZONES[0]
    sunday = datetime(2026, 6, 7, 23, 0, tzinfo=rome)
    night = AccessPolicy(hours=WorkingHours({6: (Window(22 * 60, 60),)}))
    assert until(night, sunday, rome) == sunday + timedelta(hours=2)
    assert until(AccessPolicy(hours=WorkingHours(dict.fromkeys(range(7), (ALL_DAY,)))), sunday, rome) is None


def test_hours_that_are_never_or_have_no_length_are_refused() -> None:
    with pytest.raises(HoursRefused):
        check_hours(WorkingHours({}))
    with pytest.raises(HoursRefused):
        check_hours(WorkingHours({0: (Window(60, 120),), 1: (Window(60, 60),)}))
    check_hours(WorkingHours({0: (ALL_DAY,)}))


@pytest.mark.catalogue("MG-28")
def test_access_ends_with_the_instant_of_the_end() -> None:
    rome = ZONES[0]
    end = datetime(2027, 3, 28, 1, 0, tzinfo=UTC)
    policy = AccessPolicy(ends_at=end)
    assert refusal(policy, end - timedelta(microseconds=1), rome, HERE) is None
    assert refusal(policy, end, rome, HERE) is Refusal.ENDED
    assert until(policy, end - MINUTE, rome) == end
    assert until(policy, end + MINUTE, rome) == end + MINUTE
    early = AccessPolicy(hours=WorkingHours({5: (Window(0, 60),)}), ends_at=end)
    saturday = datetime(2027, 3, 27, 0, 30, tzinfo=rome)
    assert until(early, saturday, rome) == saturday + timedelta(minutes=30)


@pytest.mark.catalogue("MG-31")
@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("192.0.2.7", True),
        ("::ffff:192.0.2.7", True),
        ("192.0.3.7", False),
        ("::ffff:192.0.3.7", False),
        ("2001:db8:1::7", True),
        ("2001:db8:2::7", False),
        ("198.51.100.9", True),
        ("198.51.100.10", False),
        ("::", False),
        ("::1", False),
    ],
)
def test_only_addresses_of_the_networks_are_let_in(address: str, allowed: bool) -> None:
    networks = tuple(plain(ip_network(one)) for one in ("192.0.2.0/24", "2001:db8:1::/48", "::ffff:198.51.100.9"))
    found = refusal(AccessPolicy(networks=networks), datetime.now(UTC), ZONES[0], ip_address(address))
    assert found is (None if allowed else Refusal.ADDRESS)
    assert refusal(AccessPolicy(networks=()), datetime.now(UTC), ZONES[0], ip_address(address)) is None


def test_a_whole_ipv6_internet_is_not_the_ipv4_internet() -> None:
    assert plain(ip_network("::/0")) == ip_network("::/0")
    assert plain(ip_network("::ffff:0:0/96")) == ip_network("0.0.0.0/0")


NEAR: Final[list[Network]] = [
    network for prefix in range(26, 33) for network in ip_network("192.0.2.0/26").subnets(new_prefix=prefix)
]
lists = st.lists(st.sampled_from(NEAR), max_size=4)


@given(lists, lists)
def test_a_token_outlives_a_change_only_if_it_opens_nothing_more(held: list[Network], allowed: list[Network]) -> None:
    everywhere = {ip_address(0xC0000200 + low) for low in range(64)} | {ip_address("203.0.113.1")}
    opened = {one for one in everywhere if not held or any(one in network for network in held)}
    wanted = {one for one in everywhere if not allowed or any(one in network for network in allowed)}
    assert still_allowed(joined(held), allowed) == (opened <= wanted)


def test_a_token_names_few_networks_and_with_many_only_where_its_holder_is() -> None:
    some = tuple(ip_network(f"10.{number}.0.0/24") for number in range(16))
    assert for_token(AccessPolicy(networks=some), ip_address("10.3.0.1")) == some
    many = (*some, ip_network("2001:db8::/32"))
    assert for_token(AccessPolicy(networks=many), ip_address("10.3.0.1")) == (ip_network("10.3.0.0/24"),)
    assert for_token(AccessPolicy(networks=many), ip_address("2001:db8::1")) == (ip_network("2001:db8::/32"),)
    assert for_token(UNLIMITED, ip_address("10.3.0.1")) == ()


parts = st.tuples(st.booleans(), st.booleans(), st.booleans())


@pytest.mark.catalogue("MG-27")
@given(parts, parts, parts)
def test_the_nearest_level_that_states_a_part_decides_it(
    user: tuple[bool, ...], template: tuple[bool, ...], tenant: tuple[bool, ...]
) -> None:
    def level(number: int, stated: tuple[bool, ...]) -> AccessPolicy:
        return AccessPolicy(
            hours=WorkingHours({number: (ALL_DAY,)}) if stated[0] else None,
            networks=(ip_network(f"192.0.2.{number}"),) if stated[1] else None,
            ends_at=datetime(2026, 1, number, tzinfo=UTC) if stated[2] else None,
        )

    levels = Levels(level(1, user), level(2, template), level(3, tenant))
    named = [
        (Source.USER, levels.user, user),
        (Source.TEMPLATE, levels.template, template),
        (Source.TENANT, levels.tenant, tenant),
    ]
    for part, source, value in (
        (0, levels.hours_from, levels.policy.hours),
        (1, levels.networks_from, levels.policy.networks),
        (2, levels.end_from, levels.policy.ends_at),
    ):
        stating = [(name, policy) for name, policy, stated in named if stated[part]]
        assert source == (stating[0][0] if stating else None)
        first = stating[0][1] if stating else UNLIMITED
        assert value == (first.hours, first.networks, first.ends_at)[part]
