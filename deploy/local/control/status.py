"""The state of the local regions, as the control socket reports it."""

from deploy.local.control.messages import LinksStatus, ProcessStatus, RegionStatus, RoundTripStatus, Status
from deploy.local.network.mesh import Mesh
from deploy.local.processes.http_process import HttpProcess
from deploy.local.processes.server_process import ServerProcess
from deploy.local.regions import LocalRegions


def status_of(regions: LocalRegions) -> Status:
    """The processes of all regions, and their addresses."""
    return Status(
        data=str(regions.data),
        admin_key=regions.admin_key,
        regions=[
            RegionStatus(
                name=region.name,
                is_cut=region.name in regions.mesh.cut_regions,
                topology=str(region.topology),
                nats=[_process_status(server) for server in region.nats_servers],
                redis=_process_status(region.redis),
                services=[_process_status(service) for service in region.services],
                replicators=[_process_status(replicator) for replicator in region.replicators],
            )
            for region in regions.regions.values()
        ],
        round_trips=links_of(regions.mesh).round_trips,
    )


def links_of(mesh: Mesh) -> LinksStatus:
    """The round trips between the regions, and the regions that are cut off."""
    return LinksStatus(
        regions=list(mesh.regions),
        cut=sorted(mesh.cut_regions),
        round_trips=[RoundTripStatus(a=a, b=b, milliseconds=value) for a, b, value in mesh.round_trips],
    )


def _process_status(process: ServerProcess | HttpProcess) -> ProcessStatus:
    return ProcessStatus(name=process.name, url=process.url, pid=process.pid)
