"""What every room builds with: where a component is made, policies, tags, names, alarms, hardened buckets, functions,
and what both partners share. It knows no other room.
"""
