"""The private network of an environment: subnets, endpoints, groups, the transit gateway."""
