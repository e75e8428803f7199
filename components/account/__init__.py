"""What an environment's account begins with: roles, keys, who is told, people, its trail, its dashboard."""
