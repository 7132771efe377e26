"""A grade for each response, given by a larger model behind a server."""
