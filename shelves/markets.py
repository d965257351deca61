"""Names of markets as people say them."""

from __future__ import annotations

from collections.abc import Mapping

MARKET_NAMES: Mapping[str, str] = {
    "AR": "Argentina",
    "AT": "Austria",
    "AU": "Australia",
    "BE": "Belgium",
    "BR": "Brazil",
    "CA": "Canada",
    "CH": "Switzerland",
    "CL": "Chile",
    "CO": "Colombia",
    "CZ": "Czechia",
    "DE": "Germany",
    "DK": "Denmark",
    "ES": "Spain",
    "FI": "Finland",
    "FR": "France",
    "GB": "the United Kingdom",
    "GR": "Greece",
    "HU": "Hungary",
    "ID": "Indonesia",
    "IE": "Ireland",
    "IL": "Israel",
    "IN": "India",
    "IT": "Italy",
    "JP": "Japan",
    "KE": "Kenya",
    "KR": "South Korea",
    "MX": "Mexico",
    "NG": "Nigeria",
    "NL": "the Netherlands",
    "NO": "Norway",
    "NZ": "New Zealand",
    "PH": "the Philippines",
    "PL": "Poland",
    "PT": "Portugal",
    "RO": "Romania",
    "SE": "Sweden",
    "TR": "Türkiye",
    "UA": "Ukraine",
    "US": "the United States",
    "ZA": "South Africa",
}
"""ISO 3166-1 alpha-2 code → English name in running text."""


def in_market(code: str) -> str:
    """Where a market is, as in "Popular in Sweden"; the code itself for a market without a name here."""
    return f"in {MARKET_NAMES.get(code.upper(), code)}"
