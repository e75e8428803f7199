"""The proxy of the site's RDS instances: TLS before a PostgreSQL server that is built without.

certificates    a root certificate of the site's own, in the part of the one with which RDS signs
front           takes PostgreSQL connections with TLS, and hands them on
"""
