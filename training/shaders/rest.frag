#version 330
// Which point of the neutral face a pixel shows, and which part it belongs to.
in vec3 v_rest;
in vec2 v_uv;
uniform int kind;
uniform sampler2DArray layers;
uniform int layer[4];
uniform vec2 collar;
out vec4 place;
void main() {
    float alpha = texture(layers, vec3(v_uv, float(layer[0]))).a;
    if ((kind == 2 || kind == 3) && alpha < 0.5) discard;
    float edge = v_rest.y - (5.62 + collar.x + (0.55 + collar.y) * abs(v_rest.x)
        - 0.25 * smoothstep(0.3, -0.3, v_rest.z) - 0.18 * v_rest.z);
    place = vec4(v_rest, float(kind == 1 && edge < 0.0 ? 5 : kind));
}
