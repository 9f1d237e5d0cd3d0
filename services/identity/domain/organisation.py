"""Regions of offices and teams of people."""

from dataclasses import dataclass

from services.chassis.problems import Conflict, Invalid
from services.contracts.identity_events import RegionChanged, TeamChanged
from services.contracts.vocabulary import RegionId, TeamId, UserId


class RegionNameTaken(Conflict):
    code = "region_name_taken"
    title = "Another region has this name."


class RegionInUse(Conflict):
    code = "region_in_use"
    title = "Some offices lie in this region."


class TeamNameTaken(Conflict):
    code = "team_name_taken"
    title = "Another team has this name."


class UnknownRegion(Invalid):
    code = "unknown_region"
    title = "There is no such region."


class UnknownMember(Invalid):
    code = "unknown_member"
    title = "There is no such colleague."


@dataclass(frozen=True, slots=True)
class Region:
    """A group of offices, each of which lies in one region at most."""

    id: RegionId
    name: str
    version: int

    def changed(self, *, removed: bool = False) -> RegionChanged:
        """Return what the other services are told."""
        return RegionChanged(region_id=self.id, version=self.version, name=self.name, removed=removed)


@dataclass(frozen=True, slots=True)
class Team:
    """People who work together, in whatever offices; a person may be in several teams."""

    id: TeamId
    name: str
    members: tuple[UserId, ...]
    version: int

    def changed(self, *, removed: bool = False) -> TeamChanged:
        """Return what the other services are told; a removed team has no members."""
        members = () if removed else self.members
        return TeamChanged(team_id=self.id, version=self.version, name=self.name, members=members, removed=removed)
