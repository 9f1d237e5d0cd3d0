"""The counters of failed sign-ins, against a plain model: a waiting room from which one leaves at a time."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from services.identity.domain import sign_in_limits
from services.identity.domain.sign_in_limits import ACCOUNT, SHUT, Budget, Counter, network_of

START = datetime(2026, 1, 1, tzinfo=UTC)
EMPTY = Counter(datetime(1970, 1, 1, tzinfo=UTC), 0)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.integers(0, 40)),
        st.tuples(st.just("try"), st.just(0)),
        st.tuples(st.just("wrong again"), st.just(0)),
        st.tuples(st.just("right"), st.just(0)),
    ),
    max_size=80,
)


@dataclass
class WaitingRoom:
    """Seats for spent tries. The one in front leaves after ten seconds, then the next one has ten seconds to go."""

    seats: int
    most_in_a_row: int
    leaving_in: list[int] = field(default_factory=list[int])
    in_a_row: int = 0

    def pass_seconds(self, seconds: int) -> None:
        for _ in range(seconds):
            if self.leaving_in:
                self.leaving_in[0] -= 1
                if self.leaving_in[0] == 0:
                    self.leaving_in.pop(0)

    def enter(self) -> bool:
        if len(self.leaving_in) >= self.seats or self.in_a_row >= self.most_in_a_row:
            return False
        self.leaving_in.append(10)
        self.in_a_row += 1
        return True


@given(tries=st.integers(1, 6), most=st.integers(1, 12), steps=STEPS)
def test_the_counter_admits_exactly_whom_the_waiting_room_admits(
    tries: int, most: int, steps: list[tuple[str, int]]
) -> None:
    budget = Budget(tries, timedelta(seconds=10), most)
    room, counter, now = WaitingRoom(tries, most), EMPTY, START
    for step, seconds in steps:
        if step == "pass":
            room.pass_seconds(seconds)
            now += timedelta(seconds=seconds)
            continue
        waiting = sign_in_limits.wait(budget, counter, now)
        admitted = room.enter()
        assert (waiting == timedelta(0)) == admitted
        if not admitted:
            continue
        counter = sign_in_limits.spend(budget, counter, now)
        if step == "wrong again":
            room.leaving_in.pop()
            room.in_a_row -= 1
            counter = sign_in_limits.give_back(budget, counter)
        elif step == "right":
            room.leaving_in.clear()
            room.in_a_row = 0
            counter = sign_in_limits.forgive(sign_in_limits.give_back(budget, counter), now)
        assert counter.in_a_row == room.in_a_row


@given(tries=st.integers(1, 6), steps=STEPS)
def test_who_waits_as_long_as_he_is_told_is_admitted_and_not_a_moment_before(
    tries: int, steps: list[tuple[str, int]]
) -> None:
    budget = Budget(tries, timedelta(seconds=10))
    counter, now = EMPTY, START
    for _, seconds in steps:
        now += timedelta(seconds=seconds)
        waiting = sign_in_limits.wait(budget, counter, now)
        if waiting:
            assert sign_in_limits.wait(budget, counter, now + waiting - timedelta(microseconds=1))
        assert not sign_in_limits.wait(budget, counter, now + waiting)
        counter = sign_in_limits.spend(budget, counter, now + waiting)
        now += waiting


def test_of_an_account_at_most_a_hundred_guesses_in_a_row_are_evaluated_however_long_one_waits() -> None:
    counter, now, evaluated = EMPTY, START, 0
    for _ in range(10_000):
        now += timedelta(hours=1)
        if not sign_in_limits.wait(ACCOUNT, counter, now):
            counter = sign_in_limits.spend(ACCOUNT, counter, now)
            evaluated += 1
    assert evaluated == 100
    assert sign_in_limits.wait(ACCOUNT, counter, now) == SHUT
    assert not sign_in_limits.wait(ACCOUNT, sign_in_limits.forgive(counter, now), now)


def test_neighbours_pay_together() -> None:
    assert network_of(ip_address("192.0.2.7")) == network_of(ip_address("192.0.2.250")) == "192.0.2.0/24"
    assert network_of(ip_address("192.0.3.7")) != "192.0.2.0/24"
    assert network_of(ip_address("2001:db8:0:1ff::1")) == network_of(ip_address("2001:db8:0:100::2"))
    assert network_of(ip_address("2001:db8:0:200::1")) != network_of(ip_address("2001:db8:0:1ff::1"))


def test_a_clock_that_is_set_back_shuts_nobody_out_for_longer_than_one_refill() -> None:
    counter = EMPTY
    for _ in range(5):
        counter = sign_in_limits.spend(ACCOUNT, counter, START)
    assert sign_in_limits.wait(ACCOUNT, counter, START - timedelta(days=1)) == ACCOUNT.refill
