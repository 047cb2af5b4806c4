"""Automations and integrations, which are not offered: who lists them finds none, who makes some is told."""

import pytest


@pytest.mark.parametrize("named", [{}, {"entity": "default"}])
def test_there_are_no_integrations_and_no_automations(wandb, named):
    api = wandb.Api()
    for found in (api.integrations, api.webhook_integrations, api.slack_integrations, api.automations):
        assert list(found(**named)) == []
    assert list(api.automations(name="mine", **named)) == []
    with pytest.raises(ValueError, match="No automations found"):
        api.automation("mine", **named)


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")  # the client's own use of itself
def test_an_automation_is_refused_in_a_sentence(wandb):
    from wandb.automations import DoNothing, OnRunMetric, RunEvent
    from wandb.errors import CommError

    api = wandb.Api()
    api.create_project("p", "default")
    event = OnRunMetric(scope=api.project("p", entity="default"), filter=RunEvent.metric("loss") > 1)
    with pytest.raises(CommError, match=r"This server does not offer automations\."):
        api.create_automation(event >> DoNothing(), name="mine")
    with pytest.raises(ValueError, match="No automations found"):
        api.automation("mine")
