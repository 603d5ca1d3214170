-- The newest moves and alarms of the gate among millions of entries. Each
-- condition is one that a query has word for word, else SQLite passes it over.
CREATE INDEX trail_gate ON trail_entries (action, at_us, id) WHERE action = 'gate.moved' OR action = 'gate.alarm';
