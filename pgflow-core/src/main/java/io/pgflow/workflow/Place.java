package io.pgflow.workflow;

/** Where in a definition something stands, in the two ways an author may know it. */
record Place(String inJava, String pointer) {

    /** How the author wrote the workflow decides how places are named to them. */
    enum Style {
        JAVA,
        JSON;

        String name(Place place) {
            return this == JAVA ? place.inJava() : place.pointer();
        }
    }

    static final Place WORKFLOW = new Place("", "");

    static Place step(int index, String name) {
        return new Place("steps[" + index + "] \"" + name + "\"", "/steps/" + index);
    }

    Place field(String field) {
        String escaped = field.replace("~", "~0").replace("/", "~1");
        return new Place(inJava.isEmpty() ? field : inJava + "." + field, pointer + "/" + escaped);
    }

    Place index(int index) {
        return new Place(inJava + "[" + index + "]", pointer + "/" + index);
    }
}
