package io.pgflow.sql.spec;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** What workers do with limited steps: settle, let in what has room, claim. */
record Gate(Session db) {

    /** Defines a workflow of one step with these limits. */
    long define(String name, String limits) {
        return db.define(name, "a", "a", limits);
    }

    List<UUID> start(int runs, String workflow, String input) {
        List<UUID> started = new ArrayList<>();
        for (int i = 0; i < runs; i++) {
            started.add(db.start(workflow, input));
        }
        return started;
    }

    void admit() {
        db.settle();
        while (db.row("select left_over from pgflow.admit_tasks()").truth("left_over")) {}
    }

    List<Claim> claim(long worker) {
        admit();
        return db.claim(worker, 100);
    }

    /** Claims what has room and ends it well. Returns how many began. */
    int work(long worker) {
        List<Claim> claims = claim(worker);
        if (!claims.isEmpty()) {
            db.complete(worker, claims, "1");
        }
        return claims.size();
    }
}
