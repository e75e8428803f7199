"""Runs the real Pulumi engine on a program, with the cloud providers of `local.clouds.provider`."""
