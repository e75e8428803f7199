"""What is tried on the links: a module a promise, each with its checks.

paper       both ends agree on what is negotiated; needs no daemon
agreed      what the daemons negotiated and learned
rekey       another key for the traffic, from an exchange of its own, loses nothing
failover    each tunnel is cut while it carries traffic, and comes back
refusals    what does not fit is refused, and the daemons say why
rotation    another key for one tunnel is no outage
clear       no packet was in clear
trial       what every check needs: the daemons, the result, traffic
every       all of them, in their order
"""
