"""What was found when a sensor was held against something better: records, kept and asked for."""
