"""No other user can open anything that `crosshook up` writes."""

import stat
from contextlib import suppress
from pathlib import Path

from tests.integration.deploy.typed import Demo, crosshook

NAME = "private"


async def test_a_whole_demo_writes_only_private_directories_files_and_sockets(
    runtime: Path, tmp_path: Path, first_port: int
) -> None:
    data = tmp_path / "data"
    arguments = ("--regions", "2", "--data", str(data), "--http-port", str(first_port))
    demo = Demo(await crosshook("up", "--name", NAME, *arguments, umask=0))
    try:
        await demo.says("keys list")
        found = modes_in(data) | modes_in(runtime)
    finally:
        demo.process.terminate()
        assert await demo.ends() == 0
    kinds = {stat.S_IFMT(mode) for mode in found.values()}
    assert kinds == {stat.S_IFDIR, stat.S_IFREG, stat.S_IFSOCK}
    for part in ("example-api-key", "service.toml", "redis.conf", "topology.toml", "service-1.log", ".blk", ".aof"):
        assert any(part in path for path in found), f"it wrote no {part}"
    open_to_others = {path: oct(mode) for path, mode in found.items() if mode & 0o077}
    assert open_to_others == {}
    executable = [path for path, mode in found.items() if not stat.S_ISDIR(mode) and mode & 0o100]
    assert executable == []


def modes_in(directory: Path) -> dict[str, int]:
    """The modes of everything below. Redis replaces files meanwhile."""
    modes = {}
    for path in directory.rglob("*"):
        with suppress(FileNotFoundError):
            modes[str(path)] = path.lstat().st_mode
    return modes
