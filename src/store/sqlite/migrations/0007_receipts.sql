-- The receipt a target signed for a delivery, as it came: evidence of grade A.
ALTER TABLE attempt ADD COLUMN receipt TEXT;
