"""The links, tried: real IKEv2 and BGP daemons negotiate what the program gives both ends of each tunnel.

command     `make links`, from the graph to the table
ends        both ends of every tunnel, read from the graph
proposals   the algorithms, from each cloud's spelling to strongSwan's
plan        the tunnels and route tables that ends makes and all others use
lab         the daemons: gateways, routers, their namespaces, traffic over them (flows)
checks      what is tried, a module a promise
report      what was found, for people and machines
"""
