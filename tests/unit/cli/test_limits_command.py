"""``farpoint limits``: what each region sets every limit to."""

from tests.unit.cli.region_stub import Farpoint, RegionStub, Reply

from farpoint.api.views.limits import limit_view
from farpoint.model.limits import AZURE, LIFTED, RULES, Limits

Regions = dict[str, RegionStub]


def tell(region: RegionStub, name: str, limits: Limits) -> None:
    views = [limit_view(rule, limits, region=name, subscription="s") for rule in RULES]
    region.say("GET", f"{region.subscription}/providers/Farpoint/limits", Reply(status=200, body={"value": views}))


def test_the_limits_of_every_region_are_shown(regions: Regions, farpoint: Farpoint) -> None:
    tell(regions["eastus"], "eastus", Limits(profile=AZURE, own={"copies_per_hour": 3}))
    tell(regions["westus"], "westus", Limits(profile=LIFTED))
    lines = farpoint("limits").out.splitlines()[1:]
    assert len(lines) == 2 * len(RULES)
    assert [line.split()[2:5] for line in lines if "copy_order" in line] == [
        ["refused", "refused", "allowed"],
        ["allowed", "refused", "allowed"],
    ]
    assert [line.split()[2:6] for line in lines if "copies_per_hour" in line] == [
        ["3,", "configured", "any", "any"],
        ["any", "any", "any", "a"],
    ]
    assert len(farpoint("limits", "--region", "westus", "-o", "json").rows()) == len(RULES)
