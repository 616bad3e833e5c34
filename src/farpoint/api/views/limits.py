"""Limits as the region shows them."""

from farpoint.model.documents import JsonObject
from farpoint.model.limits import AZURE, LIFTED, Limits, Rule
from farpoint.services.json_reading import present


def limit_view(rule: Rule, limits: Limits, *, region: str, subscription: str) -> JsonObject:
    """Show one rule: true and false are *refused* and *allowed*, a number is the most that is allowed, 0 is any."""
    return {
        "name": rule.name,
        "id": f"/subscriptions/{subscription}/providers/Farpoint/limits/{rule.name}",
        "type": "Farpoint/limits",
        "location": region,
        "properties": {
            "value": limits.value(rule),
            "profile": limits.profile,
            "isConfigured": rule.name in limits.own,
            "profiles": {AZURE: rule.azure, LIFTED: rule.lifted},
            "refuses": rule.refuses,
            "source": rule.source,
            "answer": present(status=rule.status, code=rule.code.value),
        },
    }
