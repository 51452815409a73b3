"""Files that mean harm: what an attacker, or a broken disk, would send."""
