"""Everything that starts Keyholder: on one machine here, on clusters by the files beside."""
