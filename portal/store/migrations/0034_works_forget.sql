-- what of works is deleted once it is of no more use is found by an index, not
-- by looking through all of it every hour (D16).
CREATE INDEX works_reminders_until ON works_reminders (until_us);
CREATE INDEX works_holds_ended ON works_holds (ended_us) WHERE ended_us > 0;
CREATE INDEX works_feeds_of_request ON works_feeds (request_id) WHERE request_id <> '';
