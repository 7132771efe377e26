"""Beyond the lecture: options of train.py and generate.py, a file each."""
