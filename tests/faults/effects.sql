-- The same for notifications: what becomes of events, and the moments at which a test may hold a worker.

CREATE TRIGGER faults_carried_out BEFORE INSERT ON deliveries
    FOR EACH ROW EXECUTE FUNCTION faults.note_carried_out();
CREATE TRIGGER faults_written AFTER INSERT ON delivery_history
    FOR EACH ROW WHEN (NEW.state = 'queued') EXECUTE FUNCTION faults.pass_gate(2);
CREATE TRIGGER faults_handing_over BEFORE UPDATE ON deliveries
    FOR EACH ROW WHEN (NEW.state = 'handing_over') EXECUTE FUNCTION faults.pass_gate(3);
CREATE TRIGGER faults_settled BEFORE UPDATE ON deliveries
    FOR EACH ROW WHEN (NEW.state = 'sent') EXECUTE FUNCTION faults.pass_gate(4);
