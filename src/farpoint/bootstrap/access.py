"""Who may come and what they may do: token verifiers, roles of clients, rates."""

from functools import partial

from farpoint.api.throttles import Rates, Throttles
from farpoint.clock import Clock
from farpoint.config.values import DirectoryConfig, IssuerConfig, RatesConfig
from farpoint.keys.discovery import fetch_key_set
from farpoint.keys.external_tokens import AnyTokens, ExternalIssuer
from farpoint.keys.key_sets import KeySet
from farpoint.keys.tokens import TokenVerifier
from farpoint.metadata.database import Database
from farpoint.model.roles import configured_assignment, principal_key, role_named
from farpoint.services.authority import Authorities


def any_tokens(directory: DirectoryConfig, own: TokenVerifier, clock: Clock) -> AnyTokens:
    """Return what checks tokens of regions and of the configured issuers; no issuer is asked yet."""
    clients = frozenset(principal_key(client.id.lower()) for client in directory.clients)
    return AnyTokens(
        own=own,
        issuers={config.issuer: _issuer(config, clock) for config in directory.issuers},
        clock=clock,
        is_client=lambda principal: principal_key(principal.lower()) in clients,
    )


def _issuer(config: IssuerConfig, clock: Clock) -> ExternalIssuer:
    fetch = partial(fetch_key_set, config.issuer, jwks_uri=config.jwks_uri, ca_file=config.ca)
    keys = KeySet(config.issuer, fetch=fetch, clock=clock)
    return ExternalIssuer(issuer=config.issuer, audience=config.audience, algorithms=config.algorithms, keys=keys)


def authorities(directory: DirectoryConfig, database: Database) -> Authorities:
    """Return who may do what: the roles that the configuration gives to clients, and the assignments of the directory."""
    subscription = str(directory.subscription_id)
    named = [(client.id.lower(), role_named(client.role)) for client in directory.clients]
    configured = [configured_assignment(subscription=subscription, client=client, role=role) for client, role in named if role is not None]
    return Authorities(database=database, configured=tuple(configured))


def throttles(config: RatesConfig, clock: Clock) -> Throttles:
    """Return the buckets of one region."""
    rates = Rates(
        reads_per_second=config.reads_per_second,
        writes_per_second=config.writes_per_second,
        failed_logins_per_minute=config.failed_logins_per_minute,
    )
    return Throttles(rates, clock)
