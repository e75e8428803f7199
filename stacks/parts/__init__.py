"""The parts of an environment, a file each, in the order of `stacks.environment`."""
