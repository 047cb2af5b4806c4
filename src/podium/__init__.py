"""Podium: a self-hosted model registry that speaks the protocols of the clients people already have."""
