"""What a path names: a plain file, one packed, a member of an archive, a sheet of a workbook."""
