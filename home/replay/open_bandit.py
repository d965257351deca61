"""The policies of the Open Bandit Dataset judged on each other's logs, beside what they really earned.

Sources of published numbers: Saito, Aihara, Matsutani and Narita, "Open Bandit Dataset and Pipeline: Towards
Realistic and Reproducible Off-Policy Evaluation", NeurIPS 2021, table 1 (click rates of the full-size logs),
and the examples of the pipeline's repository (relative errors on the small log of campaign "all", mean of 30
bootstrap samples).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import orjson

from bandits.ope.intervals import Interval
from bandits.ope.thompson import bernoulli_thompson
from home.ingest.progress import Progress, Silent
from home.ingest.rejects import Rejects
from home.replay.options import Options
from home.replay.report import ReplayReport
from home.replay.row_targets import Fixed, Logged, RowTarget, Uniform
from home.replay.rows import judge_rows
from home.replay.sources.chunk import ReplayInputError
from home.replay.sources.obd import POSITIONS, THOMPSON, UNIFORM, OpenBanditSource

PUBLISHED_VALUES: Mapping[tuple[str, str], float] = MappingProxyType(
    {
        ("all", UNIFORM): 0.0035, ("all", THOMPSON): 0.0050,
        ("men", UNIFORM): 0.0051, ("men", THOMPSON): 0.0067,
        ("women", UNIFORM): 0.0048, ("women", THOMPSON): 0.0064,
    }
)  # fmt: skip
"""(campaign, policy) → click rate of the full-size log."""

PUBLISHED_ERRORS: Mapping[str, float] = MappingProxyType(
    {
        "dm": 0.1569, "ips": 0.3111, "snips": 0.3118, "dr": 0.2925, "sndr": 0.3024, "switch_dr": 0.2584,
        "dros": 0.1595,
    }
)  # fmt: skip
"""Estimator → mean relative error of Thompson sampling's value from the small uniform log of "all"."""

ESTIMATORS = tuple(PUBLISHED_ERRORS)


@dataclass(frozen=True, slots=True)
class Error:
    """An estimate of a policy's value, with its error relative to what the policy earned.

    `here` is relative to the mean of its own log in the same directory, None where that is 0, `full_size` to
    the published click rate; `published` is what others report for the estimator on campaign "all".
    """

    estimator: str
    estimate: Interval | None
    here: float | None
    full_size: float | None
    published: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class CampaignResult:
    """One campaign: the `target` policy judged on the log of the `behaviour` policy.

    `on_policy` is the mean of the target's own log, `full_size` its published click rate, where there is one.
    """

    campaign: str
    behaviour: str
    target: str
    on_policy: Interval
    full_size: float | None
    errors: tuple[Error, ...]
    report: ReplayReport


def judge_campaign(
    data_dir: Path, campaign: str, behaviour: str, options: Options, progress: Progress | None = None
) -> CampaignResult:
    """Judge the other policy on the log of `behaviour`, "random" or "bts".

    Thompson sampling's distribution is simulated from its prior in prior_bts.yaml: the logged policy moved
    from day to day, so that is an approximation of it. Raises ReplayInputError for missing files.
    """
    progress = progress or Silent()
    target = THOMPSON if behaviour == UNIFORM else UNIFORM
    source = OpenBanditSource(data_dir, campaign, behaviour, options.by)
    own = OpenBanditSource(data_dir, campaign, target)
    report = judge_rows(source, [_policy(target, data_dir, campaign)], options, progress=progress)
    earned = judge_rows(own, [Logged()], options, rejects=Rejects(), progress=progress).on_policy
    full_size = PUBLISHED_VALUES.get((campaign, target))
    return CampaignResult(
        campaign,
        behaviour,
        target,
        earned,
        full_size,
        tuple(_errors(report, earned.value, full_size, behaviour)),
        report,
    )


def to_json(results: Iterable[CampaignResult]) -> bytes:
    """Results as indented JSON."""
    return orjson.dumps([asdict(one) for one in results], option=orjson.OPT_INDENT_2)


def thompson_prior(path: Path, campaign: str) -> tuple[np.ndarray, np.ndarray]:
    """The prior of Thompson sampling, (n,) alpha and (n,) beta, from the data set's prior_bts.yaml.

    Raises ReplayInputError for a file that is missing, or does not have both for the campaign.
    """
    if not path.is_file():
        raise ReplayInputError(f"{path} does not exist: it comes with the data set, beside random/ and bts/")
    found: dict[tuple[str, str], list[float]] = {}
    section = name = ""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        text = line.strip()
        if text.endswith(":"):
            section, name = (section, text[:-1]) if line.startswith(" ") else (text[:-1], "")
        elif text.startswith("-"):
            found.setdefault((section, name), []).append(_number(text[1:], path, number))
    alpha, beta = (np.array(found.get((campaign, name), [])) for name in ("alpha", "beta"))
    if not len(alpha) or len(alpha) != len(beta):
        raise ReplayInputError(f"{path} has {len(alpha)} alpha and {len(beta)} beta of campaign {campaign!r}")
    return alpha, beta


def _policy(name: str, data_dir: Path, campaign: str) -> RowTarget:
    if name == UNIFORM:
        return Uniform(UNIFORM)
    return Fixed(
        THOMPSON, bernoulli_thompson(*thompson_prior(data_dir / "prior_bts.yaml", campaign), POSITIONS)
    )


def _errors(report: ReplayReport, earned: float, full_size: float | None, behaviour: str) -> Iterable[Error]:
    for one in report.judgements[0].estimates:
        value = None if one.interval is None else one.interval.value
        yield Error(
            one.estimator,
            one.interval,
            None if value is None or not earned else abs(value - earned) / earned,
            None if value is None or full_size is None else abs(value - full_size) / full_size,
            PUBLISHED_ERRORS.get(one.estimator) if behaviour == UNIFORM else None,
            one.note,
        )


def _number(text: str, path: Path, line: int) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ReplayInputError(f"{path} line {line}: {text.strip()!r} is no number") from error
