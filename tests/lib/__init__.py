"""What the black-box tests are written with; Python's standard library only."""
