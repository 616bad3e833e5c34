"""Entries of the activity log as Azure Monitor shows them."""

from http import HTTPStatus

from farpoint.api.views.text import arm_time
from farpoint.model.activity import Activity
from farpoint.model.documents import JsonObject, JsonValue


def activity_view(entry: Activity, *, subscription: str, tenant: str) -> JsonObject:
    """Show one entry."""
    provider, _, _ = entry.action.partition("/")
    kind, _, _ = entry.action.rpartition("/")
    return {
        "authorization": {"action": entry.action, "scope": entry.resource},
        "caller": entry.principal,
        "channels": "Operation",
        "claims": {"appid": entry.client_name, "http://schemas.microsoft.com/identity/claims/objectidentifier": entry.principal},
        "correlationId": entry.correlation_id,
        "description": "",
        "eventDataId": str(entry.id),
        "eventName": _named("EndRequest", "End request"),
        "category": _named("Administrative"),
        "httpRequest": {"clientRequestId": entry.client_request_id, "clientIpAddress": entry.address, "method": entry.method},
        "id": f"{entry.resource}/events/{entry.id}",
        "level": "Error" if entry.status >= HTTPStatus.BAD_REQUEST else "Informational",
        "resourceGroupName": entry.group,
        "resourceProviderName": _named(provider),
        "resourceId": entry.resource,
        "resourceType": _named(kind),
        "operationId": entry.operation_id or entry.request_id,
        "operationName": _named(entry.action),
        "properties": {"statusCode": _status_word(entry.status), "requestId": entry.request_id, "errorCode": entry.code},
        "status": _named(_outcome(entry)),
        "subStatus": _named(_status_word(entry.status), f"{_status_word(entry.status)} (HTTP Status Code: {entry.status})"),
        "eventTimestamp": arm_time(entry.at),
        "submissionTimestamp": arm_time(entry.at),
        "subscriptionId": subscription,
        "tenantId": tenant,
        "farpoint": {"region": entry.region, "statusCode": entry.status},
    }


def _named(value: str, localized: str = "") -> JsonValue:
    return {"value": value, "localizedValue": localized or value}


def _outcome(entry: Activity) -> str:
    """Return Azure's word: what goes on after the answer was only accepted."""
    if entry.status >= HTTPStatus.BAD_REQUEST:
        return "Failed"
    return "Accepted" if entry.operation_id else "Succeeded"


def _status_word(status: int) -> str:
    try:
        return HTTPStatus(status).phrase.replace(" ", "")
    except ValueError:
        return str(status)
