-- The end of a certificate's number, of as many characters as suffice to look for it: what is printed on a certificate, and
-- asked for, may be less than its whole number.
CREATE INDEX message_end ON message (substr(normal, -6));
