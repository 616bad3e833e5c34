"""One region, put together: storage, peers, services, workflows, listeners."""

import datetime as dt
import logging
import os
import threading
from collections.abc import Callable, Sequence
from functools import partial

from attrs import frozen

from farpoint.api.app import Tokens, build_client_app
from farpoint.api.listeners import Listener, client_listener, peer_listener
from farpoint.api.peer_app import build_peer_app
from farpoint.api.resource_document import resource_document, resource_documents
from farpoint.bootstrap.access import any_tokens, authorities, throttles
from farpoint.bootstrap.peering import Peering, Sources, TokenKeys, make_peering
from farpoint.bootstrap.storage import Storage
from farpoint.clock import Clock, Entropy
from farpoint.config.values import RegionConfig
from farpoint.disks.pools import DiskPools
from farpoint.disks.uploads import Uploads
from farpoint.errors import SecondWriterError
from farpoint.keys.clients import ClientSecrets
from farpoint.keys.sas import SasSigner
from farpoint.keys.tokens import TokenIssuer, TokenVerifier
from farpoint.metadata.operations import get_operation, live_operations
from farpoint.metadata.plan_store import SqlPlanStore
from farpoint.model.ids import OperationId
from farpoint.model.limits import COPY_DURATION
from farpoint.movers.lanes import ThreadLanes
from farpoint.operations.durable import DurableRunner
from farpoint.operations.steps import Steps
from farpoint.peers.tls import OwnCertificate, context_for_clients, context_for_peers
from farpoint.services.catalogue import CatalogueWriter
from farpoint.services.context import RegionContext
from farpoint.services.group_deletion import GroupDeletion, clear_own_group
from farpoint.services.groups import ensure_default_group
from farpoint.services.new_names import NewNames
from farpoint.services.own_source import OwnSource
from farpoint.services.ownership import holds_name
from farpoint.services.peer_catalogues import PeerCatalogues
from farpoint.services.serving import ManifestCache, ServingContext
from farpoint.workflows.bench import Bench
from farpoint.workflows.recipe import follow
from farpoint.workflows.recipes import RECIPES

_log = logging.getLogger(__name__)
#: Exit status of a process that found another one writing its region's catalogue log.
SECOND_WRITER_STATUS = 70
#: One lane more than cores: while one waits for the disk, the others compute. More cost memory (about 25 MiB a lane) and switching.
_LANES_EXTRA = 1
#: More lanes than this cost memory and bring nothing: 256 MiB are allowed for any mover.
_LANES_MAX = 8


@frozen(kw_only=True)
class Region:
    """A region that is ready to run."""

    config: RegionConfig
    storage: Storage
    peering: Peering
    catalogue: CatalogueWriter
    peer_catalogues: PeerCatalogues
    bench: Bench
    runner: DurableRunner
    listeners: Sequence[Listener]


def build_region(config: RegionConfig, storage: Storage, *, clock: Clock, entropy: Entropy) -> Region:
    """Join the parts; nothing runs yet. The group ``default`` exists from here on."""
    secrets = ClientSecrets({client.id: client.secret_scrypt for client in config.directory.clients})
    tenant = str(config.directory.tenant_id)
    issuer = TokenIssuer(signer=storage.tokens, region_id=str(config.id), tenant_id=tenant, endpoint=config.listen.endpoint, clock=clock)
    peering = make_peering(config, storage, issuer, clock)
    keys = TokenKeys(peering, clock)
    verifier = TokenVerifier(tenant_id=tenant, clock=clock, key_of=keys.find, knows_client=secrets.knows)

    def launch(operation: OperationId) -> None:
        runner.launch(operation)

    # The runner needs the bench, the bench the context, and the context starts work with the runner.
    context = _context(config, storage, peering, launch, clock=clock, entropy=entropy)
    serving = _serving(storage, peering, verifier, context)
    sources = Sources(peering=peering, own=OwnSource(lambda: serving, asking=config.id, assertions=issuer))
    bench = _bench(config, storage, sources, context)
    runner = _runner(config, storage, bench, clock)
    ensure_default_group(context)
    tokens = Tokens(
        verifier=any_tokens(config.directory, verifier, clock),
        issuer=issuer,
        clients=secrets,
        public_keys=peering.pins.token_keys,
        throttles=throttles(config.rates, clock),
    )
    listeners = _listeners(config, context, tokens, serving, peering)
    return Region(
        config=config,
        storage=storage,
        peering=peering,
        catalogue=context.catalogue,
        peer_catalogues=context.peer_catalogues,
        bench=bench,
        runner=runner,
        listeners=listeners,
    )


def _stop_at_once(error: SecondWriterError) -> None:
    """End the process, in the middle of whatever it does: everything it would still answer or write may contradict the other writer."""
    _log.error("catalogue_has_second_writer", extra={"reason": str(error)})
    logging.shutdown()
    os._exit(SECOND_WRITER_STATUS)


def _bench(config: RegionConfig, storage: Storage, sources: Sources, context: RegionContext) -> Bench:
    return Bench(
        region_name=config.name,
        region=config.id,
        database=storage.database,
        vault=storage.vault,
        plans=SqlPlanStore(storage.database),
        sources=sources,
        groups=GroupDeletion(context=context),
        clock=context.clock,
        lanes=ThreadLanes(min((os.cpu_count() or 1) + _LANES_EXTRA, _LANES_MAX)),
        streams=ThreadLanes(config.copy.streams),
        copy_deadline=dt.timedelta(days=days) if (days := config.limits.most(COPY_DURATION)) else None,
        stopping=threading.Event(),
    )


def _runner(config: RegionConfig, storage: Storage, bench: Bench, clock: Clock) -> DurableRunner:
    def live() -> list[OperationId]:
        with storage.database.read() as conn:
            return [operation.id for operation in live_operations(conn)]

    return DurableRunner(config.state / "dbos.sqlite", follow=partial(follow_operation, bench), live=live, clock=clock)


def follow_operation(bench: Bench, steps: Steps, operation_id: OperationId) -> None:
    """Do one operation by the recipe of its kind; an operation that is not there any more is done."""
    with bench.database.read() as conn:
        operation = get_operation(conn, operation_id)
    if operation is not None:
        follow(RECIPES[operation.kind], steps, bench, operation_id)


def _context(
    config: RegionConfig,
    storage: Storage,
    peering: Peering,
    launch: Callable[[OperationId], None],
    *,
    clock: Clock,
    entropy: Entropy,
) -> RegionContext:
    return RegionContext(
        name=config.name,
        region_id=config.id,
        tenant_id=str(config.directory.tenant_id),
        subscription_id=str(config.directory.subscription_id),
        endpoint=config.listen.endpoint,
        database=storage.database,
        catalogue=CatalogueWriter(database=storage.database, log=storage.vault.catalogue, epoch=storage.epoch, stop=_stop_at_once),
        clock=clock,
        entropy=entropy,
        pools=DiskPools(config.pools),
        peers=peering.directory,
        peer_catalogues=PeerCatalogues(storage.database, clock, peering.directory),
        vault=storage.vault,
        new_names=NewNames(config.id),
        sas=SasSigner(storage.tokens),
        uploads=Uploads(clock),
        limits=config.limits,
        authorities=authorities(config.directory, storage.database),
        activity_entries_max=config.activity_entries_max,
        launch=launch,
    )


def _serving(storage: Storage, peering: Peering, verifier: TokenVerifier, context: RegionContext) -> ServingContext:
    return ServingContext(
        identity=peering.identity,
        epoch=storage.epoch,
        database=storage.database,
        vault=storage.vault,
        manifests=ManifestCache(storage.vault.manifests),
        assertions=verifier,
        subscription_id=context.subscription_id,
        authorities=context.authorities,
        pins=peering.pins,
        document_of=partial(resource_document, context),
        documents_of=partial(resource_documents, context),
        clear_group=partial(clear_own_group, context),
        holds_name=partial(holds_name, context),
    )


def _listeners(
    config: RegionConfig, context: RegionContext, tokens: Tokens, serving: ServingContext, peering: Peering
) -> tuple[Listener, Listener]:
    trusted = [client.trusted for client in peering.clients]
    own = OwnCertificate(certificate=config.peer_tls.certificate, key=config.peer_tls.key)
    shown = OwnCertificate(certificate=config.listen.certificate, key=config.listen.key)
    clients, peers = config.listen.clients, config.listen.peers
    app = build_client_app(context, tokens)
    # Both listeners run on one event loop, so what a peer forwards is answered by the very application that clients talk to.
    peer_app = build_peer_app(serving, trusted, clients=app)
    return (
        client_listener(app, host=clients.host, port=clients.port, tls=context_for_clients(shown)),
        peer_listener(peer_app, host=peers.host, port=peers.port, tls=context_for_peers(trusted, own)),
    )
