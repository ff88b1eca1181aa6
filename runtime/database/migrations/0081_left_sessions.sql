-- Who leaves a shared PC has left the apps that were opened there: their tokens, which other processes remember, are asked
-- for anew.
CREATE TRIGGER session_end_begins_people_epoch AFTER UPDATE OF ended_at ON session
    FOR EACH STATEMENT EXECUTE FUNCTION begin_people_epoch();
