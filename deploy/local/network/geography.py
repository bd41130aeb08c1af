"""The places of the regions, and the round trip between any two of them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from deploy.local.errors import InvalidRequest, UnknownRegion

REGIONS_MAX = 10

_POSITIONS: Mapping[str, tuple[float, float]] = {
    "us-iowa": (41.3, -95.9),
    "europe-belgium": (50.5, 3.8),
    "asia-japan": (35.7, 139.7),
    "australia-sydney": (-33.9, 151.2),
    "southamerica-saopaulo": (-23.5, -46.6),
    "asia-singapore": (1.3, 103.8),
    "us-oregon": (45.6, -121.2),
    "africa-johannesburg": (-26.2, 28.0),
    "asia-mumbai": (19.1, 72.9),
    "europe-finland": (60.6, 27.2),
}
"""Latitude and longitude in degrees, in the order in which `--regions N` takes them."""

_GIVEN_MILLISECONDS: Mapping[frozenset[str], float] = {
    frozenset({"us-iowa", "europe-belgium"}): 100,
    frozenset({"us-iowa", "asia-japan"}): 140,
    frozenset({"europe-belgium", "asia-japan"}): 230,
}
"""Measured round trips: cables do not follow great circles."""

_MILLISECONDS_PER_1000_KM = 14.0
_EARTH_RADIUS_1000_KM = 6.371
ROUND_TRIP_MILLISECONDS_MAX = 60_000.0


class RoundTrips:
    """The round trip of each pair of regions, in milliseconds. It is the same in both directions."""

    def __init__(self, milliseconds: Mapping[frozenset[str], float]) -> None:
        self._milliseconds = dict(milliseconds)
        for pair, value in self._milliseconds.items():
            _check(pair, value)

    def milliseconds(self, a: str, b: str) -> float:
        """Of the pair `a`, `b`; 0 if nothing was said about it."""
        return self._milliseconds.get(frozenset({a, b}), 0.0)

    def seconds(self, a: str, b: str) -> float:
        """Of the pair `a`, `b`; 0 if nothing was said about it."""
        return self.milliseconds(a, b) / 1000

    def change(self, a: str, b: str, *, milliseconds: float) -> None:
        """Set the round trip between `a` and `b`. Raises `InvalidRequest`."""
        pair = frozenset({a, b})
        _check(pair, milliseconds)
        self._milliseconds[pair] = milliseconds

    def __iter__(self) -> Iterator[tuple[str, str, float]]:
        """Every pair with its milliseconds. The names of a pair, and the pairs, are sorted."""
        for pair, value in sorted(self._milliseconds.items(), key=lambda item: sorted(item[0])):
            a, b = sorted(pair)
            yield a, b, value


def region_names(count: int) -> tuple[str, ...]:
    """The first `count` regions, 1 to 10. Raises `InvalidRequest`."""
    if not 1 <= count <= REGIONS_MAX:
        raise InvalidRequest(f"expected 1 to {REGIONS_MAX} regions, got {count}")
    return tuple(_POSITIONS)[:count]


def plausible_round_trips(regions: Sequence[str]) -> RoundTrips:
    """The measured round trips, and estimates from the great circle for the others. Raises `UnknownRegion`."""
    for region in regions:
        if region not in _POSITIONS:
            raise UnknownRegion(region=region, known=_POSITIONS)
    return RoundTrips({frozenset(pair): _plausible_milliseconds(*pair) for pair in combinations(regions, 2)})


def uniform_round_trips(regions: Sequence[str], *, milliseconds: float) -> RoundTrips:
    """The same round trip between any two regions. Raises `InvalidRequest`."""
    return RoundTrips({frozenset(pair): milliseconds for pair in combinations(regions, 2)})


def _plausible_milliseconds(a: str, b: str) -> float:
    given = _GIVEN_MILLISECONDS.get(frozenset({a, b}))
    return given if given is not None else round(_distance_1000_km(a, b) * _MILLISECONDS_PER_1000_KM)


def _distance_1000_km(a: str, b: str) -> float:
    """The distance along the great circle, by the haversine formula."""
    (latitude_a, longitude_a), (latitude_b, longitude_b) = (
        (math.radians(latitude), math.radians(longitude)) for latitude, longitude in (_POSITIONS[a], _POSITIONS[b])
    )
    chord = (
        math.sin((latitude_b - latitude_a) / 2) ** 2
        + math.cos(latitude_a) * math.cos(latitude_b) * math.sin((longitude_b - longitude_a) / 2) ** 2
    )
    return 2 * _EARTH_RADIUS_1000_KM * math.asin(math.sqrt(chord))


def _check(pair: frozenset[str], milliseconds: float) -> None:
    names = " and ".join(sorted(pair))
    if len(pair) != 2:
        raise InvalidRequest(f"a round trip is between two regions, got {names} alone")
    if not 0 <= milliseconds <= ROUND_TRIP_MILLISECONDS_MAX:
        bounds = f"0 to {ROUND_TRIP_MILLISECONDS_MAX:g} ms"
        raise InvalidRequest(f"the round trip between {names}: expected {bounds}, got {milliseconds:g}")
