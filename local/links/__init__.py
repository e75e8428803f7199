"""The rehearsal of the links: real IKEv2 and BGP daemons negotiate what the program gives both ends of each tunnel."""
