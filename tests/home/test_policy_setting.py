"""Which policy serves is a setting."""

from __future__ import annotations

import pytest

from home.bootstrap import policy_loader
from home.errors import ConfigurationError
from home.settings import Settings


def test_the_policy_and_its_options_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME_POLICY", "linucb")
    monkeypatch.setenv("HOME_POLICY_OPTIONS", '{"dimension": 64}')
    policy = policy_loader(Settings())(None)
    assert policy.describe().startswith("linucb dimension=64")


def test_by_default_the_softmax_learner_serves() -> None:
    assert policy_loader(Settings())(None).name == "vw"
    assert policy_loader(Settings(policy="vw_bag", position_feature=True))(None).name == "vw_bag"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Settings(policy="oracle"), "HOME_POLICY = 'oracle' .* use one of uniform"),
        (Settings(policy_options={"rate": 1}), "option 'rate' is not known"),
        (Settings(policy="linucb", position_feature=True), "HOME_POSITION_FEATURE on: option 'position'"),
    ],
)
def test_wrong_settings_are_named(settings: Settings, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        policy_loader(settings)


def test_models_of_another_policy_or_options_are_refused() -> None:
    snapshot = policy_loader(Settings())(None).snapshot()
    with pytest.raises(ConfigurationError, match="snapshot has policy = 'vw' but 'vw_bag'"):
        policy_loader(Settings(policy="vw_bag"))(snapshot)
    with pytest.raises(ConfigurationError, match=r"config\.bits = 18 but 16 is configured"):
        policy_loader(Settings(policy_options={"bits": 16}))(snapshot)
