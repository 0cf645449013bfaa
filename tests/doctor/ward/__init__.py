"""Small models broken in one way each, and healthy ones, for the tests of the doctor."""
