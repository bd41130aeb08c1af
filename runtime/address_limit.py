"""The number of connections, streams or other places that each address has."""


class AddressLimit:
    """Counts places by address. An address without places takes no memory."""

    def __init__(self, places_max: int) -> None:
        self._places_max = places_max
        self._places: dict[str, int] = {}

    def enter(self, address: str) -> int:
        """Count one more place of `address`. Returns by how many it is beyond its maximum: 0 or less if it is not."""
        count = self._places[address] = self._places.get(address, 0) + 1
        return count - self._places_max

    def leave(self, address: str) -> None:
        """Count one place of `address` less."""
        if self._places[address] == 1:
            del self._places[address]
        else:
            self._places[address] -= 1
