"""The accounts, what nobody may do in them, how all of them are watched, and the roles that deploy into them."""
