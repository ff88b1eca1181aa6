"""Institutions with an installation of their own: we sign in there and tell them the steps of a referral."""
