"""Files of models that others have pickled, read as data: nothing in them is executed."""
