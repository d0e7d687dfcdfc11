-- Who compares an integration's subscriptions with what is wanted has the turn
-- until this moment at most (the database's clock): two at once would each make
-- what the other makes.
ALTER TABLE integrations ADD COLUMN webhooks_turn_until timestamptz;
