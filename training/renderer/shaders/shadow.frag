#version 330
in vec2 v_uv;
uniform int kind;
uniform sampler2DArray layers;
uniform int layer[4];
void main() {
    if (kind == 2 && texture(layers, vec3(v_uv, float(layer[0]))).a < 0.5) discard;
}
