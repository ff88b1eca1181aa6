"""What is put right in the records themselves: results late or taken back, who a woman is, two records of one."""
