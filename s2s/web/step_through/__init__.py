"""The page *Step through*: one sentence, step by step."""
