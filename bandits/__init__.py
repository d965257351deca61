"""What a shelf is worth now: policies, exact page propensities, rewards and off-policy evaluation."""
